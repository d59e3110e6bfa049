import FairleadCommands

Fairlead.run()
