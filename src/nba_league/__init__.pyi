from .league import League as League
from .simulate import simulate_league as simulate_league
