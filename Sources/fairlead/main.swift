import FairleadCommands

Fairlead.main()
