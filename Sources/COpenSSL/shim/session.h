// The TLS side of OpenSSL: functions for what Swift cannot see because it is a macro.
#ifndef POSTERN_OPENSSL_SESSION_H
#define POSTERN_OPENSSL_SESSION_H

#include <string.h>

#include <openssl/asn1.h>
#include <openssl/async.h>
#include <openssl/bio.h>
#include <openssl/conf.h>
#include <openssl/crypto.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/store.h>
#include <openssl/x509_vfy.h>

// MARK: Contexts

static inline int postern_ctx_set_min_version(SSL_CTX *ctx, int version) {
    return (int)SSL_CTX_set_min_proto_version(ctx, version);
}
static inline int postern_ctx_set_max_version(SSL_CTX *ctx, int version) {
    return (int)SSL_CTX_set_max_proto_version(ctx, version);
}
static inline int postern_ctx_min_version(SSL_CTX *ctx) { return (int)SSL_CTX_get_min_proto_version(ctx); }
static inline int postern_ctx_max_version(SSL_CTX *ctx) { return (int)SSL_CTX_get_max_proto_version(ctx); }
static inline int postern_ctx_set_groups(SSL_CTX *ctx, const char *groups) {
    return (int)SSL_CTX_set1_groups_list(ctx, (char *)groups);
}
static inline void postern_ctx_set_mode(SSL_CTX *ctx, long mode) { SSL_CTX_set_mode(ctx, mode); }
static inline void postern_ctx_set_most_certificate_bytes(SSL_CTX *ctx, long bytes) {
    SSL_CTX_set_max_cert_list(ctx, bytes);
}
static inline void postern_ctx_set_session_cache(SSL_CTX *ctx, long mode) { SSL_CTX_set_session_cache_mode(ctx, mode); }
static inline void postern_ctx_set_session_seconds(SSL_CTX *ctx, long seconds) { SSL_CTX_set_timeout(ctx, seconds); }
static inline void postern_ctx_set_servername(SSL_CTX *ctx, int (*callback)(SSL *, int *, void *), void *argument) {
    SSL_CTX_set_tlsext_servername_callback(ctx, callback);
    SSL_CTX_set_tlsext_servername_arg(ctx, argument);
}
static inline void postern_ctx_set_status(SSL_CTX *ctx, int (*callback)(SSL *, void *), void *argument) {
    SSL_CTX_set_tlsext_status_cb(ctx, callback);
    SSL_CTX_set_tlsext_status_arg(ctx, argument);
}
static inline void postern_ctx_set_ticket_keys(
    SSL_CTX *ctx,
    int (*callback)(SSL *, unsigned char *, unsigned char *, EVP_CIPHER_CTX *, EVP_MAC_CTX *, int)) {
    SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, callback);
}
static inline void postern_ctx_forbid_old_ways(SSL_CTX *ctx) {
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
}
static inline void postern_ctx_forbid_tickets(SSL_CTX *ctx) { SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET); }
static inline int postern_cipher_stack_count(const STACK_OF(SSL_CIPHER) *stack) { return sk_SSL_CIPHER_num(stack); }
static inline const SSL_CIPHER *postern_cipher_stack_at(const STACK_OF(SSL_CIPHER) *stack, int index) {
    return sk_SSL_CIPHER_value(stack, index);
}

/// Prepares an HMAC with SHA-256; copies the key.
static inline int postern_mac_begin(EVP_MAC_CTX *mac, const void *key, size_t length) {
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)key, length),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_CTX_set_params(mac, parameters);
}

// MARK: Sessions

static inline void postern_ssl_set_mode(SSL *ssl, long mode) { SSL_set_mode(ssl, mode); }
static inline void postern_ssl_clear_mode(SSL *ssl, long mode) { SSL_clear_mode(ssl, mode); }
static inline int postern_ssl_set_server_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, (char *)name);
}
static inline int postern_ssl_set_signatures(SSL *ssl, const char *names) {
    return (int)SSL_set1_sigalgs_list(ssl, (char *)names);
}
static inline void postern_ssl_ask_for_status(SSL *ssl) { SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp); }
/// Takes over `response`, made with `OPENSSL_malloc`.
static inline void postern_ssl_set_status(SSL *ssl, unsigned char *response, long length) {
    SSL_set_tlsext_status_ocsp_resp(ssl, response, length);
}
static inline long postern_ssl_status(SSL *ssl, const unsigned char **response) {
    return SSL_get_tlsext_status_ocsp_resp(ssl, response);
}
static inline int postern_ssl_set_retry_verify(SSL *ssl) { return SSL_set_retry_verify(ssl); }
static inline void *postern_allocate(size_t bytes) { return OPENSSL_malloc(bytes); }

// MARK: Sessions that outlive their connection

/// The same session without the peer's certificates, by leaving them out of its encoding: `[3]` of the `SSL_SESSION`
/// sequence (ssl/ssl_asn1.c), which holds the leaf; the rest of the chain is never in it. NULL if it cannot be encoded.
static inline SSL_SESSION *postern_session_without_peer(const SSL_SESSION *session) {
    int size = i2d_SSL_SESSION((SSL_SESSION *)session, NULL);
    if (size <= 0) return NULL;
    unsigned char *whole = (unsigned char *)OPENSSL_malloc((size_t)size), *end = whole;
    // The header of a sequence that became shorter is not longer than it was.
    unsigned char *bare = (unsigned char *)OPENSSL_malloc((size_t)size);
    SSL_SESSION *copy = NULL;
    if (whole == NULL || bare == NULL || i2d_SSL_SESSION((SSL_SESSION *)session, &end) != size) goto done;
    const unsigned char *next = whole;
    const unsigned char *peer = NULL, *behindPeer = NULL;
    long length;
    int tag, kind;
    if (ASN1_get_object(&next, &length, &tag, &kind, size) & 0x80 || length != end - next) goto done;
    const unsigned char *content = next;
    while (next < end) {
        const unsigned char *element = next;
        if (ASN1_get_object(&next, &length, &tag, &kind, end - next) & 0x80) goto done;
        next += length;
        if (kind == V_ASN1_CONTEXT_SPECIFIC && tag == 3) peer = element, behindPeer = next;
    }
    if (peer == NULL) peer = behindPeer = end;
    unsigned char *place = bare;
    ASN1_put_object(&place, 1, (int)((peer - content) + (end - behindPeer)), V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
    memcpy(place, content, (size_t)(peer - content));
    place += peer - content;
    memcpy(place, behindPeer, (size_t)(end - behindPeer));
    place += end - behindPeer;
    const unsigned char *start = bare;
    copy = d2i_SSL_SESSION(NULL, &start, place - bare);
done:
    // The secret is in both.
    OPENSSL_clear_free(whole, (size_t)size);
    OPENSSL_clear_free(bare, (size_t)size);
    return copy;
}

// MARK: A verification that rests

/// The verify callback of servers whose verifier may take its time: leaves the store's context where the session finds
/// it and pauses OpenSSL's fiber at once, so that no verification runs on its small stack (32 KiB, no guard): only
/// OpenSSL and our short callbacks for records, alerts and tickets, measured at 8 KiB at most.
/// The session decides on its own stack, leaves the result in the store's context and resumes.
/// `place` is the number of the application data of an `SSL` that holds the paused verification.
static inline int postern_verify_paused(X509_STORE_CTX *store, void *place) {
    SSL *ssl = (SSL *)X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    int index = (int)(intptr_t)place;
    X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    if (ssl == NULL || ASYNC_get_current_job() == NULL || !SSL_set_ex_data(ssl, index, store)) return 0;
    int resumed = ASYNC_pause_job();
    SSL_set_ex_data(ssl, index, NULL);
    return resumed && X509_STORE_CTX_get_error(store) == X509_V_OK;
}
static inline void postern_ctx_pause_verification(SSL_CTX *ctx, int index) {
    SSL_CTX_set_cert_verify_callback(ctx, postern_verify_paused, (void *)(intptr_t)index);
}
static inline int postern_ssl_place(void) { return SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL); }

#endif
