// The API is below /api of the same host, so the page needs to know neither its address nor its port.
const output = document.getElementById("api");
fetch("/api/")
  .then((response) => response.json())
  .then((answer) => { output.textContent = `release ${answer.release}, instance ${answer.instance}, server ${answer.server}`; })
  .catch((error) => { output.textContent = `nothing (${error.message})`; });
