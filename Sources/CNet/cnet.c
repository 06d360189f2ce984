#include "cnet.h"
int cnet_placeholder(void) { return 0; }
