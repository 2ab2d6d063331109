/* What every page does once it is there: lays out formulas, and lets the keyboard reach what a mouse reaches. */
(function () {
  "use strict";

  function formulas() {
    if (!window.katex) return;
    document.querySelectorAll(".math").forEach(function (element) {
      try {
        window.katex.render(element.textContent, element, { displayMode: element.tagName === "DIV" });
        element.classList.add("rendered");
      } catch (error) {
        console.error("a formula was not laid out: " + error.message);
      }
    });
  }

  // What scrolls has to take the focus, or the keyboard cannot scroll it; what does not scroll must not.
  function scrollable() {
    document.querySelectorAll("div.math, .table-wrapper, .highlight pre").forEach(function (element) {
      var wide = element.scrollWidth > element.clientWidth || element.scrollHeight > element.clientHeight;
      if (!wide) {
        element.removeAttribute("tabindex");
        return;
      }
      element.setAttribute("tabindex", "0");
      if (element.tagName === "DIV") {
        element.setAttribute("role", "region");
        element.setAttribute("aria-label", element.classList.contains("math") ? "wide formula" : "wide table");
      }
    });
  }

  // The theme opens its two drawers by labels of hidden boxes, which only a pointer reaches.
  function drawers() {
    var names = { __navigation: "Navigation", __toc: "On this page" };
    document.querySelectorAll("label.nav-overlay-icon, label.toc-overlay-icon").forEach(function (label) {
      label.setAttribute("role", "button");
      label.setAttribute("tabindex", "0");
      label.setAttribute("aria-label", names[label.htmlFor]);
      label.addEventListener("keydown", function (event) {
        if (event.key === "Enter" || event.key === " ") {
          event.preventDefault();
          label.click();
        }
      });
    });
    document.addEventListener("keydown", function (event) {
      if (event.key !== "Escape") return;
      Object.keys(names).forEach(function (name) {
        var box = document.getElementById(name);
        if (box) box.checked = false;
      });
    });
  }

  formulas();
  drawers();
  scrollable();
  document.fonts.ready.then(scrollable);
  window.addEventListener("resize", scrollable);
  document.addEventListener("toggle", scrollable, true);
})();
