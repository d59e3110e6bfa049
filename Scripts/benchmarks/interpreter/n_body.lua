-- The sun and four planets over 500,000 steps of 0.01 years/(2 pi): reads and writes of tables of
-- numbers. A body is {x, y, z, vx, vy, vz, mass}.
local SOLAR_MASS <const> = 4.0 * math.pi * math.pi
local DAYS <const> = 365.24

local function system()
  return {
    { 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, SOLAR_MASS },
    { 4.84143144246472090, -1.16032004402742839, -0.103622044471123109,
      0.00166007664274403694 * DAYS, 0.00769901118419740425 * DAYS, -0.0000690460016972063023 * DAYS,
      0.000954791938424326609 * SOLAR_MASS },
    { 8.34336671824457987, 4.12479856412430479, -0.403523417114321381,
      -0.00276742510726411 * DAYS, 0.00499852801234917238 * DAYS, 0.0000230417297573763929 * DAYS,
      0.000285885980666130812 * SOLAR_MASS },
    { 12.8943695621391310, -15.1111514016986312, -0.223307578892655734,
      0.00296460137564761618 * DAYS, 0.00237847173959480950 * DAYS, -0.0000296589568540237556 * DAYS,
      0.0000436624404335156298 * SOLAR_MASS },
    { 15.3796971148509165, -25.9193146099879641, 0.179258772950371181,
      0.00268067772490389322 * DAYS, 0.00162824170038242295 * DAYS, -0.0000951592254519715870 * DAYS,
      0.0000515138902046611451 * SOLAR_MASS },
  }
end

local function advance(bodies, steps, dt)
  for _ = 1, steps do
    for i = 1, 5 do
      local a = bodies[i]
      for j = i + 1, 5 do
        local b = bodies[j]
        local dx, dy, dz = a[1] - b[1], a[2] - b[2], a[3] - b[3]
        local squared = dx * dx + dy * dy + dz * dz
        local magnitude = dt / (squared * squared ^ 0.5)
        local from_a, from_b = a[7] * magnitude, b[7] * magnitude
        a[4] = a[4] - dx * from_b
        a[5] = a[5] - dy * from_b
        a[6] = a[6] - dz * from_b
        b[4] = b[4] + dx * from_a
        b[5] = b[5] + dy * from_a
        b[6] = b[6] + dz * from_a
      end
    end
    for i = 1, 5 do
      local body = bodies[i]
      body[1] = body[1] + dt * body[4]
      body[2] = body[2] + dt * body[5]
      body[3] = body[3] + dt * body[6]
    end
  end
end

local bodies = system()
advance(bodies, 500000, 0.01)
local result = bodies[1][1]
assert(math.abs(result - 1.947555261) < 1e-9, "the sun is at x = 1.947555261")
print(string.format("%.6f", result))
