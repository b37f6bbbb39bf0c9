from .data import TrainingData, load_training_data, simulated_training_data
from .integrity import IntegrityReport, reproduce_run, verify_run
from .studies import AblationStudy, BettingStudy
from .train_model_mlflow import NBAPropsMLflowTrainer, TrainingResult

__all__ = [
    "AblationStudy",
    "BettingStudy",
    "IntegrityReport",
    "NBAPropsMLflowTrainer",
    "TrainingData",
    "TrainingResult",
    "load_training_data",
    "reproduce_run",
    "simulated_training_data",
    "verify_run",
]
