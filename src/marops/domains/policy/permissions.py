"""Who may read the policy, change it, and ask what it would answer."""

from marops.kernel.permissions import right

VIEW = right("policy.view", "See what AI may do, and ask what if")
CHANGE = right("policy.change", "Write the AI policy and the register of uses")
STOP = right("ai.stop", "Stop a use of AI, or all of them, at once")
REVIEW = right("policy.review", "Approve or decline what an AI made")
TRAIL = right("ai.trail", "See everything that AI did and was refused")
