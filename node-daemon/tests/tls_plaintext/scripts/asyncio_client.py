# Many connections at a time on one thread.
import asyncio, ssl, sys
async def ask(connection):
    context = ssl._create_unverified_context()
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]), ssl=context)
    for index in range(20):
        writer.write(f"GET /{connection}/{index} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        await reader.readuntil(b"hello")
    writer.close()
    await writer.wait_closed()
async def main():
    await asyncio.gather(*(ask(connection) for connection in range(10)))
asyncio.run(main())
