// Loaded in front of OpenSSL (LD_PRELOAD), this gives wrk what it has no options for: a client certificate, one choice of
// cryptography, and a say in whether a new connection resumes the session of the one before it.
//
//     cc -O2 -shared -fPIC client-certificate.c -o client-certificate.so
//
//     CLIENT_CHAIN   PEM, the leaf first
//     CLIENT_KEY     PEM
//     CLIENT_RESUMES `yes` or `no`
//
// wrk keeps one SSL object for each of its connections and clears it (SSL_clear) before it connects again. Clearing keeps
// the session, so wrk by itself resumes wherever a gateway hands out tickets; `no` takes the session away.
// At the end it prints `HANDSHAKES {"full":N,"resumed":N}`: what the client saw, whatever the gateway believes.
//
// OpenSSL's headers are not needed; the declarations below are those of OpenSSL 3.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct ssl_ctx_st SSL_CTX;
typedef struct ssl_st SSL;

// From <openssl/ssl.h> and <openssl/tls1.h>.
enum { PEM = 1, SET_GROUPS_LIST = 92, SET_MIN_PROTO_VERSION = 123, TLS1_3 = 0x0304 };

static long full, resumed;

static void *next(const char *name) {
    void *symbol = dlsym(RTLD_NEXT, name);
    if (!symbol) {
        fprintf(stderr, "client-certificate: OpenSSL has no `%s`\n", name);
        exit(1);
    }
    return symbol;
}

static const char *setting(const char *name) {
    const char *value = getenv(name);
    if (!value) {
        fprintf(stderr, "client-certificate: `%s` is not set\n", name);
        exit(1);
    }
    return value;
}

SSL_CTX *SSL_CTX_new(const void *method) {
    SSL_CTX *(*create)(const void *) = next("SSL_CTX_new");
    int (*use_chain)(SSL_CTX *, const char *) = next("SSL_CTX_use_certificate_chain_file");
    int (*use_key)(SSL_CTX *, const char *, int) = next("SSL_CTX_use_PrivateKey_file");
    int (*use_suites)(SSL_CTX *, const char *) = next("SSL_CTX_set_ciphersuites");
    long (*control)(SSL_CTX *, int, long, void *) = next("SSL_CTX_ctrl");

    // One version, suite and group, so that no gateway gains or loses by choosing others than its neighbour.
    SSL_CTX *context = create(method);
    if (!context || use_chain(context, setting("CLIENT_CHAIN")) != 1 || use_key(context, setting("CLIENT_KEY"), PEM) != 1 ||
        control(context, SET_MIN_PROTO_VERSION, TLS1_3, NULL) != 1 || use_suites(context, "TLS_AES_128_GCM_SHA256") != 1 ||
        control(context, SET_GROUPS_LIST, 0, "X25519") != 1) {
        fprintf(stderr, "client-certificate: OpenSSL does not take the certificate, the key, or TLS 1.3\n");
        exit(1);
    }
    return context;
}

int SSL_connect(SSL *connection) {
    static int (*connect)(SSL *), (*is_resumed)(const SSL *);
    if (!connect) {
        connect = next("SSL_connect");
        is_resumed = next("SSL_session_reused");
    }
    int result = connect(connection);
    if (result == 1) ++*(is_resumed(connection) ? &resumed : &full);
    return result;
}

int SSL_clear(SSL *connection) {
    static int (*clear)(SSL *), (*set_session)(SSL *, void *);
    static int resumes;
    if (!clear) {
        clear = next("SSL_clear");
        set_session = next("SSL_set_session");
        resumes = strcmp(setting("CLIENT_RESUMES"), "yes") == 0;
    }
    int result = clear(connection);
    return result == 1 && !resumes ? set_session(connection, NULL) : result;
}

__attribute__((destructor)) static void report(void) {
    printf("\nHANDSHAKES {\"full\":%ld,\"resumed\":%ld}\n", full, resumed);
}
