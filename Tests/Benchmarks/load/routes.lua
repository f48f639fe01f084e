-- Spreads requests over the routes, in a fixed order that jumps about: a step coprime to the number of routes visits
-- each of them once before the first comes again. Requests are formatted once, so that wrk's cost stays the same.
dofile(os.getenv("LOAD_DIRECTORY") .. "/report.lua")

local count = tonumber(os.getenv("LOAD_ROUTES"))
local step = 389
local index = 0
local requests = {}

function init(args)
  for route = 0, count - 1 do
    requests[route] = wrk.format("GET", string.format("/dev/service-%04d/items/%d", route, route * 7))
  end
end

function request()
  index = (index + step) % count
  return requests[index]
end
