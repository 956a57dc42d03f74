const https = require("https");
const agent = new https.Agent({ keepAlive: true, maxSockets: 4 });
const port = Number(process.argv[1]);
let left = 101;
function ask(method, path) {
  const options = { host: "127.0.0.1", port, path, method, agent, rejectUnauthorized: false };
  const request = https.request(options, (response) => {
    response.resume();
    response.on("end", () => { if (--left == 0) agent.destroy(); });
  });
  if (method == "POST") request.write("x".repeat(3000));
  request.end();
}
for (let index = 0; index < 100; index++) ask("POST", "/posted/" + index);
ask("GET", "/teapot");
