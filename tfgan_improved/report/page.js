for (const box of document.querySelectorAll("[data-slides]")) {
  const pictures = [...box.querySelectorAll("figure")];
  const input = box.querySelector("input");
  const output = box.querySelector("output");
  const thumbs = document.createElement("div");
  thumbs.className = "thumbs";
  const buttons = pictures.map((picture, index) => {
    const button = document.createElement("button");
    button.append(picture.querySelector("img").cloneNode(), picture.dataset.step);
    button.addEventListener("click", () => { input.value = index; show(); });
    return button;
  });
  const show = () => {
    const chosen = Number(input.value);
    pictures.forEach((picture, index) => picture.classList.toggle("shown", index === chosen));
    buttons.forEach((button, index) => button.setAttribute("aria-current", index === chosen));
    output.textContent = `step ${pictures[chosen].dataset.step}`;
  };
  thumbs.append(...buttons);
  box.append(thumbs);
  box.classList.add("ready");
  box.querySelector(".strip").removeAttribute("tabindex");
  box.querySelector(".control").hidden = false;
  input.addEventListener("input", show);
  show();
}
