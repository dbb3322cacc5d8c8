// The site shows what the API says, as the phones do.
const answer = await fetch("/api/news");
document.querySelector("#news").append(...(await answer.json()).news.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
