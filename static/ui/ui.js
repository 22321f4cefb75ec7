"use strict";

// Behavior only: every page works, or degrades, without this file.
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const root = document.documentElement;

  // Text size (大字版), remembered on this computer
  const applySize = (size) => {
    if (size) root.dataset.size = size;
    else delete root.dataset.size;
    all("[data-size-set]").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.dataset.sizeSet === (size || "")));
    });
  };
  applySize(localStorage.getItem("ui.size"));

  // Navigation drawer of small screens
  const showNavigation = (open) => {
    document.body.classList.toggle("nav-open", open);
    const toggle = one("[data-nav]");
    if (toggle) toggle.setAttribute("aria-expanded", String(open));
    if (open) one(".side a").focus();
  };

  const closeMenus = (except) => {
    all("details.menu[open]").forEach((menu) => {
      if (!menu.contains(except)) menu.open = false;
    });
  };

  // A link to be passed on: the clipboard is there under HTTPS only, the old way is everywhere
  const copyFrom = (button) => {
    const field = one(button.dataset.copy);
    field.select();
    if (navigator.clipboard) navigator.clipboard.writeText(field.value);
    else document.execCommand("copy");
    one("span", button).textContent = button.dataset.done;
  };

  document.addEventListener("click", (event) => {
    const target = event.target;
    const size = target.closest("[data-size-set]");
    if (size) {
      localStorage.setItem("ui.size", size.dataset.sizeSet);
      applySize(size.dataset.sizeSet);
    }
    if (target.closest("[data-nav]")) showNavigation(!document.body.classList.contains("nav-open"));
    if (target.closest(".scrim")) showNavigation(false);
    closeMenus(target);
    if (target.closest("[data-print]")) window.print();
    const copier = target.closest("[data-copy]");
    if (copier) copyFrom(copier);
    const opener = target.closest("[data-dialog]");
    if (opener) one(opener.dataset.dialog).showModal();
    const closer = target.closest("[data-close]");
    if (closer) closer.closest("dialog").close();
  });

  // Keys: "/" to search, Escape to close, data-key="1 y" on a link, a label or a button.
  // A form is not sent by a key that is held down, nor within a moment of the page that it belongs to.
  const MOMENT = 300;
  let shownAt = 0;
  document.body.addEventListener("htmx:beforeSwap", () => { shownAt = performance.now(); });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      all("details.menu[open]").forEach((menu) => {
        menu.open = false;
        one("summary", menu).focus();
      });
      if (document.body.classList.contains("nav-open")) {
        showNavigation(false);
        one("[data-nav]").focus();
      }
    }
    const desk = event.target.closest("[data-desk] textarea");
    if (desk && event.key === "Escape") desk.blur();
    if (desk && event.key === "Enter" && event.ctrlKey && one("[data-enter]", desk.form)) {
      one("[data-enter]", desk.form).click();
      return;
    }
    const isTyping = event.target.closest("input, textarea, select, dialog[open]");
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
    if (event.key === "/" && one("[data-search]")) {
      event.preventDefault();
      one("[data-search]").select();
      one("[data-search]").focus();
      return;
    }
    const shortcut = one(`[data-key~="${CSS.escape(event.key.toLowerCase())}"]`);
    if (shortcut) {
      event.preventDefault();
      const isTooSoon = event.repeat || performance.now() - shownAt < MOMENT;
      if (!isTooSoon || !shortcut.matches("form button")) shortcut.click();
    }
  });

  // Chosen rows of a list
  const countChosen = (box) => {
    const chosen = all("[data-row]:checked", box).length;
    box.classList.toggle("has-sel", chosen > 0);
    all("[data-sel-n]", box).forEach((place) => { place.textContent = chosen; });
    all("[data-row]", box).forEach((tick) => tick.closest("tr").classList.toggle("sel", tick.checked));
  };
  document.addEventListener("change", (event) => {
    const box = event.target.closest("[data-select]");
    if (!box) return;
    if (event.target.matches("[data-all]")) {
      all("[data-row]", box).forEach((tick) => { tick.checked = event.target.checked; });
    }
    if (event.target.matches("[data-all], [data-row]")) countChosen(box);
  });

  // Handing in a file: drag and drop, its name, the bytes on their way
  all(".drop").forEach((drop) => {
    const input = one("input[type=file]", drop);
    const label = one("[data-file]", drop);
    const showName = () => {
      const file = input.files[0];
      if (file) label.textContent = `${file.name}（${(file.size / 1024 / 1024).toFixed(2)} MB）`;
    };
    input.addEventListener("change", showName);
    ["dragover", "dragenter"].forEach((name) => drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    }));
    ["dragleave", "drop"].forEach((name) => drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.remove("over");
    }));
    drop.addEventListener("drop", (event) => {
      input.files = event.dataTransfer.files;
      showName();
    });
  });
  document.body.addEventListener("htmx:xhr:progress", (event) => {
    const bar = one("[data-upload]");
    if (bar && event.detail.lengthComputable) {
      bar.hidden = false;
      bar.value = event.detail.loaded * 100 / event.detail.total;
    }
  });

  // A form is sent once, however often its button is pressed
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => { delete form.dataset.sent; }));

  // Filters that are empty stay out of the address
  document.body.addEventListener("htmx:configRequest", (event) => {
    if (!event.detail.elt.matches(".filters")) return;
    const asked = event.detail.parameters;
    [...new Set(Object.keys(asked))].forEach((name) => { if (asked[name] === "") delete asked[name]; });
  });

  // hx-confirm asks in a dialog of the page; data-verb names the button
  document.body.addEventListener("htmx:confirm", (event) => {
    if (!event.detail.question) return;
    event.preventDefault();
    const dialog = one("#confirm");
    one("[data-question]", dialog).textContent = event.detail.question;
    if (event.detail.elt.dataset.verb) one("[data-verb]", dialog).textContent = event.detail.elt.dataset.verb;
    dialog.returnValue = "";
    dialog.showModal();
    dialog.addEventListener("close", () => {
      if (dialog.returnValue === "ok") event.detail.issueRequest(true);
    }, { once: true });
  });

  // After a refused form the summary of what is wrong is read first
  const summary = one("[data-focus]");
  if (summary) summary.focus();
})();
