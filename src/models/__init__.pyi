from .data import TrainingData, load_training_data, simulated_training_data
from .studies import AblationStudy, BettingStudy
from .train_model_mlflow import NBAPropsMLflowTrainer, TrainingResult

__all__ = [
    "AblationStudy",
    "BettingStudy",
    "NBAPropsMLflowTrainer",
    "TrainingData",
    "TrainingResult",
    "load_training_data",
    "simulated_training_data",
]
