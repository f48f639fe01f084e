-- Posts the same 1 MiB body again and again.
dofile(os.getenv("LOAD_DIRECTORY") .. "/report.lua")
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/octet-stream"
wrk.body = string.rep("0123456789abcdef", 65536)
