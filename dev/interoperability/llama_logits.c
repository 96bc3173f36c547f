// Logits of llama.cpp at every position, over its prebuilt shared libraries; no headers needed.
//   gcc -O2 llama_logits.c -ldl -o llama_logits ; ./llama_logits LIBRARIES MODEL.gguf ID... > logits.f32
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Larger than the parameter structs: passed on the stack, of which the callee reads its part.
typedef struct { uint8_t bytes[512]; } parameters;
typedef struct { int32_t n; int32_t *token; float *embd; int32_t *pos; int32_t *n_seq; int32_t **seq; int8_t *logits; } batch;

static void quiet(int level, const char *text, void *user) {
    if (level >= 4 || getenv("VERBOSE")) fputs(text, stderr); // 4: errors
}

static void *library(const char *folder, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return dlopen(path, RTLD_NOW | RTLD_GLOBAL);
}

int main(int count, char **words) {
    const char *folder = words[1];
    library(folder, "libggml-base.so");
    void *ggml = library(folder, GGML), *llama = library(folder, LLAMA);
    if (!ggml || !llama) { fprintf(stderr, "%s\n", dlerror()); return 1; }
    ((void (*)(void *, void *))dlsym(llama, "llama_log_set"))(quiet, 0);
    ((void (*)(const char *))dlsym(ggml, "ggml_backend_load_all_from_path"))(folder);
    ((void (*)(void))dlsym(llama, "llama_backend_init"))();
    parameters of_model = ((parameters (*)(void))dlsym(llama, "llama_model_default_params"))();
    void *model = ((void *(*)(const char *, parameters))dlsym(llama, "llama_model_load_from_file"))(words[2], of_model);
    if (!model) { fprintf(stderr, "%s: llama.cpp does not load it\n", words[2]); return 1; }
    parameters of_context = ((parameters (*)(void))dlsym(llama, "llama_context_default_params"))();
    uint32_t *sizes = (uint32_t *)of_context.bytes; // n_ctx, n_batch, n_ubatch
    sizes[0] = sizes[1] = sizes[2] = 512;
    void *context = ((void *(*)(void *, parameters))dlsym(llama, "llama_init_from_model"))(model, of_context);
    if (!context) { fprintf(stderr, "no context\n"); return 1; }
    int n = count - 3;
    int32_t ids[512];
    int8_t wanted[512];
    for (int i = 0; i < n; i++) { ids[i] = atoi(words[3 + i]); wanted[i] = 1; }
    batch all = ((batch (*)(int32_t *, int32_t))dlsym(llama, "llama_batch_get_one"))(ids, n);
    all.logits = wanted;
    if (((int (*)(void *, batch))dlsym(llama, "llama_decode"))(context, all)) { fprintf(stderr, "decode failed\n"); return 1; }
    void *vocabulary = ((void *(*)(void *))dlsym(llama, "llama_model_get_vocab"))(model);
    int tokens = ((int (*)(void *))dlsym(llama, "llama_vocab_n_tokens"))(vocabulary);
    for (int i = 0; i < n; i++) {
        fwrite(((float *(*)(void *, int32_t))dlsym(llama, "llama_get_logits_ith"))(context, i), sizeof(float), tokens, stdout);
    }
    fflush(stdout);
    _exit(0);
}
