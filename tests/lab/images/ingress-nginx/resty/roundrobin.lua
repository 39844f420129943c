-- The part of resty.roundrobin that ingress-nginx's balancer uses: each node in turn, weights not regarded.
local Balancer = {}
Balancer.__index = Balancer

function Balancer.new(_, nodes)
  local self = setmetatable({}, Balancer)
  self:reinit(nodes)
  return self
end

function Balancer.reinit(self, nodes)
  self.nodes = nodes
  self.keys = {}
  self.last = 0
  for node in pairs(nodes) do
    self.keys[#self.keys + 1] = node
  end
end

function Balancer.find(self)
  if #self.keys == 0 then
    return nil
  end
  self.last = self.last % #self.keys + 1
  return self.keys[self.last]
end

return Balancer
