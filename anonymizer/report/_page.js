"use strict";
const filter = document.getElementById("filter");
const replaced = document.getElementById("replaced");
const shown = document.getElementById("shown");
function show() {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  let all = 0, visible = 0;
  for (const table of document.querySelectorAll("table.columns")) {
    const name = table.caption.textContent.toLowerCase();
    let any = false;
    for (const row of table.tBodies[0].rows) {
      const text = name + " " + row.textContent.toLowerCase();
      row.hidden = !(words.every((word) => text.includes(word)) && (!replaced.checked || row.className === "replace"));
      any = any || !row.hidden;
      all += 1;
      visible += row.hidden ? 0 : 1;
    }
    table.hidden = !any;
  }
  shown.textContent = visible === all ? "" : visible + " of " + all + " columns";
}
filter.addEventListener("input", show);
replaced.addEventListener("change", show);
