// An HTTP/2 server and a client in Node.js; prints what they counted.
const http2 = require('http2');
const server = http2.createServer();
const seen = {};
server.on('stream', (stream, headers) => {
  const path = headers[':path'];
  stream.on('error', () => {});
  if (path.startsWith('/echo')) { stream.respond({':status': 201, 'content-type': 'text/plain'}); stream.pipe(stream); }
  else if (path === '/trailers') {
    stream.respond({':status': 200}, {waitForTrailers: true});
    stream.on('wantTrailers', () => stream.sendTrailers({'x-sum': '17'}));
    stream.end('with trailers');
  } else if (path === '/hints') { stream.additionalHeaders({':status': 103, link: '</style.css>'}); stream.respond({':status': 200}); stream.end('ok'); }
  else if (path === '/refused') stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
  else if (path === '/broken') { stream.respond({':status': 200}); stream.write('part'); setTimeout(() => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR), 30); }
  else if (path === '/slow') { setTimeout(() => { if (!stream.destroyed) { stream.respond({':status': 200}); stream.end('late'); } }, 300); }
  else if (path === '/large') { stream.respond({':status': 200}); stream.end(Buffer.alloc(70000)); }
  else { stream.respond({':status': 200 + (parseInt(path.slice(3)) % 7) * 50}); stream.end(path); }
});
const done = {};
const count = (k) => { done[k] = (done[k] || 0) + 1; };
const ask = (client, headers, body) => new Promise(resolve => {
  const s = client.request(headers);
  s.on('response', h => count(h[':status'])); s.on('error', () => {}); s.resume(); s.on('close', resolve);
  s.end(body);
});
server.listen(18080, '127.0.0.1', async () => {
  const client = http2.connect('http://127.0.0.1:18081');
  client.on('error', e => console.log(e.message));
  await Promise.all([...Array(64).keys()].map(n => ask(client, {':path': '/n/' + n, authorization: 'Bearer secret', cookie: 'a=secret'})));
  await ask(client, {':path': '/echo?token=secret', ':method': 'POST'}, 'some body');
  await ask(client, {':path': '/trailers'}); await ask(client, {':path': '/hints'});
  await ask(client, {':path': '/refused'}); await ask(client, {':path': '/broken'});
  await new Promise(resolve => { const s = client.request({':path': '/slow'}); s.on('error', () => {}); s.on('close', resolve); setTimeout(() => s.close(http2.constants.NGHTTP2_CANCEL), 60); });
  await ask(client, {':path': '/large'});
  await ask(client, {':path': '/n/1', ':method': 'HEAD'});
  console.log(done);
  client.close(); setTimeout(() => process.exit(0), 500);
});
