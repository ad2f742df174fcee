"""fer-hub's commands: one file each, with `add_arguments` and `run`, imported when it is chosen.

So that `fer-hub --help` is quick, the one line that it shows of a command stands here.
"""

COMMANDS = {
    "recognize": "find the faces in pictures or a video and name each one's expression",
    "annotate": "name the expression of every face in a collection of any size, and write tables",
    "models": "list the models that ship here, in the cache and on the Hub",
    "pull": "fetch a model from the Hub for use offline, and print its folder",
    "push": "publish a model folder on the Hub, in one commit",
    "export": "write a model as one file that needs none of this code",
    "deploy": "make or update the Space that the Spacefile describes",
}
"""Name of the command, and of its module here -> what it does."""
