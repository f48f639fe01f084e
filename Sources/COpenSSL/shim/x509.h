// The certificate side of OpenSSL: what Swift cannot see because it is a macro or a generated inline function.
#ifndef POSTERN_OPENSSL_X509_H
#define POSTERN_OPENSSL_X509_H

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

// MARK: Stacks. Their typed functions are macros; these are the generic ones for the few element types we use.

static inline STACK_OF(X509) *postern_x509_stack_new(void) { return sk_X509_new_null(); }
/// Does not take the reference; the stack must be freed with `postern_x509_stack_free` while its elements live.
static inline int postern_x509_stack_push(STACK_OF(X509) *stack, X509 *certificate) {
    return sk_X509_push(stack, certificate);
}
static inline int postern_x509_stack_count(const STACK_OF(X509) *stack) { return sk_X509_num(stack); }
static inline X509 *postern_x509_stack_at(const STACK_OF(X509) *stack, int index) { return sk_X509_value(stack, index); }
static inline void postern_x509_stack_free(STACK_OF(X509) *stack) { sk_X509_free(stack); }

static inline int postern_crl_stack_count(const STACK_OF(X509_CRL) *stack) { return sk_X509_CRL_num(stack); }
static inline X509_CRL *postern_crl_stack_at(const STACK_OF(X509_CRL) *stack, int index) {
    return sk_X509_CRL_value(stack, index);
}
static inline void postern_crl_stack_free(STACK_OF(X509_CRL) *stack) { sk_X509_CRL_pop_free(stack, X509_CRL_free); }

static inline int postern_general_names_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }
static inline GENERAL_NAME *postern_general_names_at(const GENERAL_NAMES *names, int index) {
    return sk_GENERAL_NAME_value(names, index);
}

static inline int postern_string_stack_count(const STACK_OF(OPENSSL_STRING) *stack) {
    return sk_OPENSSL_STRING_num(stack);
}
static inline const char *postern_string_stack_at(const STACK_OF(OPENSSL_STRING) *stack, int index) {
    return sk_OPENSSL_STRING_value(stack, index);
}

// MARK: Macros

/// RFC 4514 order and escapes; UTF-8 stays readable (the flags of RFC 2253 without `ASN1_STRFLGS_ESC_MSB`).
static inline unsigned long postern_distinguished_name_flags(void) {
    return XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
}
/// The bytes a memory BIO holds; valid until it is written to or freed.
static inline long postern_bio_bytes(BIO *bio, char **bytes) { return BIO_get_mem_data(bio, bytes); }
static inline unsigned long postern_error_code(void) { return ERR_peek_last_error(); }
static inline int postern_error_library(unsigned long code) { return ERR_GET_LIB(code); }
static inline int postern_error_reason(unsigned long code) { return ERR_GET_REASON(code); }
/// The error code of a PEM reason, for `ERR_reason_error_string`.
static inline unsigned long postern_pem_error(int reason) { return ERR_PACK(ERR_LIB_PEM, 0, reason); }
static inline void postern_free(void *bytes) { OPENSSL_free(bytes); }

#endif
