// Narrows the list of missed cases. Without it the page shows them all.
const filter = document.getElementById("filter");
const cases = [...document.querySelectorAll("#cases > details")].map((node) => [node, node.textContent.toLowerCase()]);
function narrow() {
  const wanted = new FormData(filter);
  const words = wanted.get("text").toLowerCase().split(/\s+/);
  let shown = 0;
  for (const [node, text] of cases) {
    const fits = ["why", "style", "agreement"].every((name) => !wanted.get(name) || JSON.parse(node.dataset[name]).includes(wanted.get(name)));
    node.hidden = !(fits && words.every((word) => text.includes(word)));
    shown += !node.hidden;
  }
  document.getElementById("count").textContent = shown === cases.length ? shown + " 题" : shown + " 题，共 " + cases.length + " 题";
}
filter.hidden = cases.length === 0;
filter.addEventListener("input", narrow);
filter.addEventListener("submit", (event) => event.preventDefault());
narrow();
