"use strict";
const filter = document.getElementById("filter");
const replaced = document.getElementById("replaced");
function show() {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const table of document.querySelectorAll("table.columns")) {
    const name = table.caption.textContent.toLowerCase();
    let any = false;
    for (const row of table.tBodies[0].rows) {
      const text = name + " " + row.textContent.toLowerCase();
      row.hidden = !(words.every((word) => text.includes(word)) && (!replaced.checked || row.className === "replace"));
      any = any || !row.hidden;
    }
    table.hidden = !any;
  }
}
filter.addEventListener("input", show);
replaced.addEventListener("change", show);
