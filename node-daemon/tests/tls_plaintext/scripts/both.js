// Server and client on one thread of one process: their sessions share the process and the random.
const fs = require("fs"), https = require("https");
const options = { key: fs.readFileSync("key.pem"), cert: fs.readFileSync("cert.pem") };
const port = Number(process.argv[2]);
const server = https.createServer(options, (request, response) => response.end(request.url));
server.listen(port, "127.0.0.1", () => {
  let left = 40;
  for (let index = 0; index < left; index++) {
    const options = { host: "127.0.0.1", port, path: "/both/" + index, rejectUnauthorized: false };
    https.get(options, (response) => {
      response.resume();
      response.on("end", () => { if (--left == 0) setTimeout(() => process.exit(), 100); });
    });
  }
});
