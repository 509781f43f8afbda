// Each line of standard input is a JSON string that holds a JSON text. Answers each with a line: what JavaScript makes
// of the text, as a JSON string, or null where some number in it is infinite to JavaScript.
const fs = require("fs");

function isFinite(value) {
  if (typeof value === "number") return Number.isFinite(value);
  if (value === null || typeof value !== "object") return true;
  return Object.values(value).every(isFinite);
}

const lines = fs.readFileSync(0, "utf8").split("\n").filter((line) => line !== "");
const answers = lines.map((line) => {
  const value = JSON.parse(JSON.parse(line));
  return JSON.stringify(isFinite(value) ? JSON.stringify(value) : null);
});
fs.writeFileSync(1, answers.join("\n") + "\n");
