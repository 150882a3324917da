# 问约 WenYue and the Chroma server of the same version: `docker compose build`.

FROM python:3.11.13-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
WORKDIR /app
COPY requirements.lock ./
# byte code is written now: at run time nothing can be
RUN /opt/venv/bin/python -m pip install --require-hashes --compile --requirement requirements.lock
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY agreements agreements
COPY answering answering
COPY bot bot
COPY eval eval
COPY prompts prompts
COPY retrieval retrieval
RUN /opt/venv/bin/python -m pip install --no-index --no-build-isolation --no-deps --editable . \
    && /opt/venv/bin/python -m compileall -q answering bot eval prompts retrieval

FROM python:3.11.13-slim-bookworm
# volumes begin with these folders and their owner
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /var/lib/wenyue wenyue \
    && install --directory --owner wenyue --group wenyue --mode 0700 /var/lib/wenyue /var/lib/chroma /var/backups/wenyue
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
ENV PATH=/opt/venv/bin:$PATH \
    LANG=C.UTF-8 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    WENYUE_HOME=/var/lib/wenyue
WORKDIR /var/lib/wenyue
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=300s --retries=4 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8080/readyz', timeout=4)"]
CMD ["wenyue", "serve", "--host", "0.0.0.0", "--port", "8080"]
