from . import client as client
from . import game_logs as game_logs
from . import injury_reports as injury_reports
from . import lines as lines
