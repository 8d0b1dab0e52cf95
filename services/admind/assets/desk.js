// Keys of the agent's desk: the key on a button presses it. Everything is there without this script.
"use strict";

(() => {
  const press = (key) => {
    const target = [...document.querySelectorAll("[data-key]")].find((each) => each.dataset.key.toLowerCase() === key && !each.disabled);
    if (!target) return false;
    target.click();
    if (target.matches("input")) target.focus();
    return true;
  };
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]") || event.repeat) return;
    const typing = event.target.closest("textarea, select, input:not([type=radio]):not([type=checkbox])");
    if (event.key === "Enter" && event.ctrlKey) {
      if (press("enter")) event.preventDefault();
      return;
    }
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.key === "Enter") return;
    if (press(event.key.toLowerCase())) event.preventDefault();
  });
})();
