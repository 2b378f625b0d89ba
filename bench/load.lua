-- SPDX-License-Identifier: Apache-2.0
--
-- What wrk sends: the lines of a file in turn, each as a body or as a bearer token.
--
--   wrk … -s load.lua URL -- FILE body|bearer METHOD [PAUSE]
--
-- PAUSE: each connection waits 0 to 2 × PAUSE milliseconds between calls, so the offered rate is
-- about connections / PAUSE whatever the latency.
local requests, last = {}, 0

function init(arguments)
  local file, place, method, pause = unpack(arguments)
  for line in io.lines(file) do
    if place == "bearer" then
      wrk.headers["Authorization"] = "Bearer " .. line
      requests[#requests + 1] = wrk.format(method)
    else
      requests[#requests + 1] = wrk.format(method, nil, nil, line)
    end
  end
  pause = tonumber(pause or 0)
  if pause > 0 then
    delay = function() return math.random(0, 2 * pause) end
  end
end

function request()
  last = last % #requests + 1
  return requests[last]
end
