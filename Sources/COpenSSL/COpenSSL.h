// OpenSSL 3 as Swift sees it: the headers, and functions for the macros that Swift cannot see.
#ifndef POSTERN_COPENSSL_H
#define POSTERN_COPENSSL_H

#include "shim/session.h"
#include "shim/x509.h"

#endif
