import http.client, ssl, sys
context = ssl._create_unverified_context()
client = http.client.HTTPSConnection("127.0.0.1", int(sys.argv[1]), context=context)
for index in range(100):
    client.request("POST", f"/posted/{index}", body=b"x" * 3000)
    assert client.getresponse().read() == b"hello"
client.request("GET", "/teapot")
client.getresponse().read()
client.close()
