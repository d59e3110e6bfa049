// GNU readline's interface; its headers need FILE first.
#include <stdio.h>
#include <readline/history.h>
#include <readline/readline.h>
