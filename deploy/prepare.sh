#!/bin/sh
# Makes the files that docker-compose.yml names and that are not there yet: what can be drawn by lot is, the rest is empty, which means unset.
# Run it again whenever you like: it changes nothing that is there.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
chmod 0700 secrets # nobody else on this machine can reach the files, and the containers' users can read those they are given

write() {
    if [ ! -e "secrets/$1" ]; then
        cat >"secrets/$1"
    fi
    chmod 0444 "secrets/$1"
}

random() {
    head -c 32 /dev/urandom | base64 | tr -- '+/' '-_'
}

for name in postgres_password wenyue_key serve_token telegram_secret; do
    random | tr -d "$([ $name = wenyue_key ] || echo =)\n" | write "$name"
done
for name in admin_token telegram_token wecom_secret wecom_token wecom_aes_key embeddings_api_key \
    deepseek_api_key dashscope_api_key hunyuan_api_key zhipuai_api_key moonshot_api_key openai_api_key; do
    write "$name" </dev/null
done
[ -e wenyue.env ] || cp wenyue.env.example wenyue.env
