// What the page can do without, made nicer: an answer that grows, a vote without a reload, the clause being read shown in the contents.
(() => {
  "use strict";

  const ask = document.getElementById("ask");
  const answer = document.getElementById("answer");
  let under = null;  // the request whose answer is growing

  async function* events(response) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const parts = (rest + value).split("\n\n");
      rest = parts.pop();
      for (const part of parts) {
        const name = /^event: (.*)$/m.exec(part);
        const data = /^data: (.*)$/m.exec(part);
        if (name && data) yield [name[1], JSON.parse(data[1])];
      }
    }
  }

  function show(html) {
    const shown = answer.querySelectorAll(".said").length;
    answer.innerHTML = html;
    answer.querySelectorAll(".said").forEach((said, at) => said.classList.toggle("fresh", at >= shown));
  }

  function trouble(said) {
    const problem = document.getElementById("problem");
    problem.textContent = said;
    problem.hidden = !said;
  }

  function waiting(question) {
    answer.innerHTML = '<article class="answer" aria-busy="true"><h2 class="asked"></h2><p class="growing"></p></article>';
    answer.querySelector(".asked").textContent = question;
    answer.querySelector(".growing").textContent = ask.dataset.looking;
  }

  async function send(question, agreement) {
    if (under) under.abort();
    const own = (under = new AbortController());
    const say = (words) => { document.getElementById("progress").textContent = words; };
    document.getElementById("talk").classList.add("answered");
    document.getElementById("welcome")?.remove();
    trouble("");
    waiting(question);
    say(ask.dataset.looking);
    answer.scrollIntoView({ block: "nearest" });
    try {
      const body = new URLSearchParams({ form_token: ask.elements.form_token.value, question, agreement });
      const response = await fetch("/ask", { method: "POST", body, headers: { Accept: "text/event-stream" }, signal: own.signal });
      if (!response.ok || !response.headers.get("Content-Type").startsWith("text/event-stream")) {
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        throw new Error(page.querySelector("h1")?.textContent || ask.dataset.failed);
      }
      let whole = false;
      for await (const [name, data] of events(response)) {
        if (name === "problem") throw new Error(data.said);
        show(data.html);
        whole = name === "answer";
        if (whole && data.where) history.pushState(null, "", data.where);
      }
      if (!whole) throw new Error(ask.dataset.failed);
      say(ask.dataset.done);
      ask.elements.question.value = "";
      ask.elements.question.placeholder = ask.dataset.next;
      document.getElementById("new").hidden = false;
    } catch (error) {
      if (own.signal.aborted) return;
      if (!answer.querySelector(".said")) answer.replaceChildren();
      answer.querySelector(".growing")?.remove();
      say("");
      trouble(error instanceof TypeError ? ask.dataset.failed : error.message);
    } finally {
      if (under === own) under = null;
    }
  }

  if (ask && window.TextDecoderStream) {
    document.addEventListener("submit", (event) => {
      const form = event.target;
      if (form.getAttribute("action") !== "/ask") return;
      event.preventDefault();
      const own = form === ask;
      const question = own ? ask.elements.question.value.trim() : event.submitter.value;
      if (!question) return;
      send(question, own ? ask.elements.agreement.value : "");
      if (!own) ask.elements.question.focus({ preventScroll: true });
    });
    ask.elements.question.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        ask.requestSubmit();
      }
    });
    window.addEventListener("popstate", () => { if (!location.hash) location.reload(); });
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.id !== "votes" || !event.submitter) return;
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form, event.submitter));
    try {
      const page = new DOMParser().parseFromString(await (await fetch(form.action, { method: "POST", body })).text(), "text/html");
      const voted = page.getElementById("votes");
      form.replaceWith(voted);
      voted.tabIndex = -1;
      voted.focus();
    } catch {
      trouble(ask.dataset.failed);
    }
  });

  const contents = document.getElementById("contents");
  if (contents) {
    const wide = matchMedia("(min-width: 64rem)");
    const unfold = () => { contents.open = wide.matches; };
    wide.addEventListener("change", unfold);
    unfold();
    contents.addEventListener("click", (event) => { if (event.target.closest("a") && !wide.matches) contents.open = false; });
    const links = new Map([...contents.querySelectorAll("a")].map((link) => [decodeURIComponent(link.hash.slice(1)), link]));
    const marks = [...document.querySelectorAll(".clause")].filter((clause) => links.has(clause.id));
    let current = null;
    const follow = () => {
      const read = marks.filter((clause) => clause.getBoundingClientRect().top < innerHeight * 0.3).pop();
      const link = read && links.get(read.id);
      if (link === current) return;
      current?.removeAttribute("aria-current");
      link?.setAttribute("aria-current", "true");
      if (link && wide.matches) link.scrollIntoView({ block: "nearest" });
      current = link;
    };
    let asked = false;
    addEventListener("scroll", () => {
      if (asked) return;
      asked = true;
      requestAnimationFrame(() => { asked = false; follow(); });
    }, { passive: true });
    follow();
  }

  const again = document.getElementById("again");
  if (again) location.replace(again.getAttribute("href") + location.hash);
  const here = new URL(location);
  if (!again && here.searchParams.has("again")) {
    here.searchParams.delete("again");
    history.replaceState(null, "", here);
  }

  const login = document.getElementById("login");
  if (login) login.elements.next.value += location.hash;
})();
