int cnet_placeholder(void);
