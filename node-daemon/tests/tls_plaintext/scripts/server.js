const fs = require("fs");
const options = { key: fs.readFileSync("key.pem"), cert: fs.readFileSync("cert.pem") };
require("https").createServer(options, (request, response) => {
  request.resume();
  request.on("end", () => { response.statusCode = request.url == "/teapot" ? 418 : 200; response.end("hello"); });
}).listen(Number(process.argv[2]), "127.0.0.1");
