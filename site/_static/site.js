/* What every page does once it is there: lays out formulas, and lets the keyboard reach what scrolls. */
(function () {
  "use strict";

  function formulas() {
    if (!window.katex) return;
    document.querySelectorAll(".math").forEach(function (element) {
      var display = element.tagName === "DIV";
      try {
        window.katex.render(element.textContent, element, { displayMode: display, throwOnError: true });
        element.classList.add("rendered");
      } catch (error) {
        console.error("formula not laid out: " + error.message);
      }
    });
  }

  // A region that scrolls sideways is reached by the keyboard only if it can be focused.
  function scrollable() {
    var wide = "div.math, .table-wrapper, .highlight pre, pre.literal-block";
    document.querySelectorAll(wide).forEach(function (element) {
      var holder = element;
      var over = holder.scrollWidth > holder.clientWidth + 1;
      if (over && !holder.hasAttribute("tabindex")) {
        holder.setAttribute("tabindex", "0");
        if (holder.tagName === "DIV") {
          holder.setAttribute("role", "region");
          holder.setAttribute("aria-label", holder.classList.contains("math") ? "wide formula" : "wide table");
        }
      }
    });
  }

  formulas();
  scrollable();
  window.addEventListener("resize", scrollable);
  document.addEventListener("toggle", scrollable, true);
})();
