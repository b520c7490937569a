"use strict";
// Sorting, filtering, opening rows and the theme. The page reads without it; what only it can do, it puts there itself.
// Texts of others go into text nodes alone.
(() => {
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const lines = (table) => [...table.tBodies[0].rows].filter((row) => !row.classList.contains("details"));
  const spelled = (number) => number.toLocaleString("en");
  const nameOf = (row) => row.querySelector("bdi").textContent;
  const detailsOf = (row) => {
    const next = row.nextElementSibling;
    return next && next.classList.contains("details") ? next : null;
  };
  const tables = [...document.querySelectorAll("table[data-style]")];

  // sorting
  const collator = new Intl.Collator("en", { numeric: true });
  const valuesOf = (rows, column) => {
    const cells = rows.map((row) => row.cells[column]);
    const numeric = cells.some((cell) => cell.dataset.v !== undefined);
    return cells.map((cell, index) => {
      if (numeric) return cell.dataset.v === undefined ? null : Number(cell.dataset.v);
      return cell.tagName === "TH" ? nameOf(rows[index]) : cell.textContent;
    });
  };
  const sort = (table, head) => {
    const order = head.getAttribute("aria-sort") ?
      (head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending") : head.dataset.first;
    const sign = order === "ascending" ? 1 : -1;
    const rows = lines(table);
    const values = valuesOf(rows, head.cellIndex);
    const places = rows.map((_, index) => index).sort((a, b) => {
      const [x, y] = [values[a], values[b]];
      if (x === null || y === null) return (x === null) - (y === null); // what is absent stays last
      return sign * (typeof x === "number" ? x - y : collator.compare(x, y));
    });
    const sorted = document.createDocumentFragment();
    for (const place of places) {
      const opened = detailsOf(rows[place]);
      sorted.append(rows[place]);
      if (opened) sorted.append(opened);
    }
    table.tBodies[0].append(sorted);
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", order);
    show(); // other rows may be the first now
  };
  for (const table of tables) {
    for (const head of table.tHead.rows[0].cells) {
      const button = make("button", { type: "button", className: "sort" }, ...head.childNodes);
      button.addEventListener("click", () => sort(table, head));
      head.append(button);
    }
  }

  // filtering, and of long tables the first rows alone: to lay out 1,000 rows of 15 cells takes a second
  const LIMIT = 200;
  const whole = new Set();
  const [filter, hideRules, onlyReproduced, count] =
    ["filter", "hide-rules", "only-reproduced", "count"].map((id) => document.getElementById(id));
  const known = new Map(tables.flatMap(lines).map((row) => [row, {
    name: nameOf(row).toLocaleLowerCase("en"),
    rules: row.classList.contains("baseline"), reproduced: row.classList.contains("reproduced"),
    measured: row.dataset.folder !== undefined,
  }]));
  const measured = [...known.values()].filter((each) => each.measured).length;
  const buttons = new Map(tables.filter((table) => lines(table).length > LIMIT).map((table) => {
    const button = make("button", { type: "button", className: "more" });
    button.addEventListener("click", () => { whole.add(table); show(); });
    table.closest(".scroll").after(button);
    return [table, button];
  }));
  const show = () => {
    const wanted = filter.value.trim().toLocaleLowerCase("en");
    let shown = 0;
    for (const table of tables) {
      let [found, drawn] = [0, 0];
      for (const row of lines(table)) {
        const each = known.get(row);
        const matches = each.name.includes(wanted) && !(hideRules.checked && each.rules) &&
          !(onlyReproduced.checked && each.measured && !each.reproduced);
        const hidden = !matches || (drawn >= LIMIT && !whole.has(table));
        found += matches;
        drawn += !hidden;
        shown += each.measured && matches;
        row.hidden = hidden;
        const opened = detailsOf(row);
        if (opened) opened.hidden = hidden || row.querySelector(".open").getAttribute("aria-expanded") !== "true";
      }
      const button = buttons.get(table);
      if (!button) continue;
      button.hidden = drawn === found;
      button.textContent = `Show all ${spelled(found)} rows, not the first ${spelled(drawn)} alone`;
    }
    document.body.classList.toggle("hide-rules", hideRules.checked);
    count.textContent = `${spelled(shown)} of ${spelled(measured)} rows`;
  };
  for (const control of [filter, hideRules, onlyReproduced]) control.addEventListener("input", show);

  // opening a row
  let content = null;
  const data = () => (content ??= JSON.parse(document.getElementById("details").textContent));
  const pairs = (title, found) => {
    const list = make("dl");
    for (const [name, text] of found) list.append(make("dt", {}, name), make("dd", {}, text));
    return make("div", {}, make("h4", {}, title), list);
  };
  const grid = (title, heads, rows) => {
    const head = make("tr");
    heads.forEach((text, index) => head.append(make("th", { scope: "col", className: index ? "number" : "" }, text)));
    const body = make("tbody");
    for (const [first, ...others] of rows) {
      body.append(make("tr", {}, make("th", { scope: "row" }, first),
        ...others.map((text) => make("td", { className: "n" }, String(text)))));
    }
    return make("div", {}, make("table", {}, make("caption", {}, title), make("thead", {}, head), body));
  };
  const text = (title, [shown, length]) => make("div", {}, make("p", {}, title), make("pre", { tabIndex: 0 }, shown),
    ...(length ? [make("p", {}, `(Cut: the first ${spelled(data().limit)} of ${spelled(length)} characters.)`)] : []));
  const answer = (each, gold) => make("div", { className: "answer" },
    make("h5", {}, `${each.id}: ${each.kinds.join(", ")}`),
    make("p", {}, `Task ${each.task}, style ${each.style}, field F1 ${each.f1}`),
    make("div", { className: "two" }, text("Expected", gold), text("Output", each.output)));
  const built = (folder, style) => {
    const { about, shared, boards, golds, rows } = data();
    const [row, board] = [rows[folder], folder.split("/")[0]];
    const percent = (tenths) => (tenths / 10).toFixed(1);
    const tasks = boards[board][style].map(([task, n], index) => {
      const [value, low, high] = row.tasks[style].slice(3 * index, 3 * index + 3).map(percent);
      return [task, n, `${value} [${low}, ${high}]`];
    });
    const parts = [grid("JSONExact by task", ["Task", "n", "% [95 %]"], tasks)];
    const errors = row.errors[style];
    if (errors) {
      const [wrong, kinds] = errors;
      parts.push(grid(`Errors by kind, ${wrong} wrong answers`, ["Kind", "Primary", "In any answer"], kinds));
    }
    parts.push(pairs("Model", row.about.map((value, index) => [about[index], value])));
    parts.push(pairs("Settings", shared[row.settings]), pairs("Environment", shared[row.environment]));
    if (row.worst) {
      const answers = row.worst.map((each) => answer(each, golds[`${board}/${each.id}`]));
      parts.push(make("div", { className: "whole" }, make("h4", {}, "Worst answers, all styles"), ...answers));
    }
    return make("div", { className: "detail" }, ...parts);
  };
  const toggle = (row, button, style) => {
    const open = button.getAttribute("aria-expanded") !== "true";
    let opened = detailsOf(row);
    if (open && !opened) {
      const cell = make("td", { className: "opened", colSpan: row.cells.length }, built(row.dataset.folder, style));
      opened = make("tr", { className: "details", id: button.dataset.opens }, cell);
      row.after(opened);
      button.setAttribute("aria-controls", opened.id);
    }
    opened.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
  };
  for (const table of tables) {
    lines(table).forEach((row, index) => {
      if (row.dataset.folder === undefined) return;
      const button = make("button", { type: "button", className: "open" });
      button.setAttribute("aria-expanded", "false");
      button.dataset.opens = `${table.id}-row-${index}`;
      const name = row.querySelector("bdi");
      name.replaceWith(button);
      button.append(name);
    });
    table.addEventListener("click", (event) => {
      const button = event.target.closest(".open");
      if (button) toggle(button.closest("tr"), button, table.dataset.style);
    });
  }

  // theme
  const theme = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const nameTheme = () => { theme.textContent = isDark() ? "Light theme" : "Dark theme"; };
  theme.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    nameTheme();
  });
  system.addEventListener("change", nameTheme);

  for (const element of document.querySelectorAll(".controls, .scripted")) element.hidden = false;
  nameTheme();
  show();
})();
