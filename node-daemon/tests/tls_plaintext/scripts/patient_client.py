# Asks once, says so, and asks again whenever it is told a number.
import http.client, ssl, sys
client = http.client.HTTPSConnection("127.0.0.1", int(sys.argv[1]), context=ssl._create_unverified_context())
def ask(path):
    client.request("GET", path)
    client.getresponse().read()
ask("/before")
print("asked", flush=True)
for line in sys.stdin:
    for index in range(int(line)):
        ask(f"/after/{index}")
    print("asked", flush=True)
client.close()
