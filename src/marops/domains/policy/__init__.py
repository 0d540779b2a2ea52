"""What AI may do: the policy that decides, the register of uses, the trail, and the page that says it all."""
