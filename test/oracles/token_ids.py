"""Small trained tokenizers in the manner of SentencePiece, and the ids that Hugging Face's own tokenizers (Rust) gives with them.

Writes fixtures/tokenizers/NAME/{tokenizer.json, tokenizer_config.json, cases.json: text, ids with special tokens, decoded without them}.
"""
import gzip
import json
import os
import sys

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from tiny_models import FIXTURES, fresh_folder, save_json

BOOK = os.path.join(FIXTURES, '..', '..', 'data', 'texts', 'moby-dick.txt.gz')
TEXTS = [
    'Call me Ishmael.', 'Call me Ishmael.\n\nSome years ago', 'hello world', ' hello', '  two  spaces  ', 'trailing ', '', ' ', '   ', '\n', '\n\n\n', '\t tab',
    'a\nb', 'naïve café', 'e\u0301 composed?', 'ﬁ ligature ½', '日本語のテキスト', 'Привет, мир', 'emoji 🎉🏳️‍🌈!', '👩‍👩‍👧‍👦', 'null \x00 byte', '▁ already ▁▁', 'x' * 40,
    '1234567890 3.14159', "don't I'll we've", 'CamelCaseWords', '<s>', 'a<s>b', '<s> hello </s>', '</s>\n', '<|user|>\nHi <|end|>\n<|assistant|>',
    'Hi<|end|>', '  <|end|>  x', '<unk>', '<0x41>', 'ſtrange \u00a0 space', '\ufeffBOM', 'שלום', 'مرحبا', 'ไทย', 'a\u200bb', 'tab\tand\r\nreturn',
]


def book():
    with gzip.open(BOOK, 'rt', encoding='utf-8') as file:
        return file.read()[:200_000]


def added(content, index, special=True, rstrip=False):
    return dict(id=index, content=content, single_word=False, lstrip=False, rstrip=rstrip, normalized=False, special=special)


def trained_bpe(specials, size):
    """Vocabulary (specials, 256 bytes, pieces) and merges, learned of words that begin with ▁."""
    tokenizer = Tokenizer(models.BPE(unk_token='<unk>'))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme='always', split=True)
    tokenizer.train_from_iterator([book()], trainers.BpeTrainer(vocab_size=size, special_tokens=['<unk>'], show_progress=False))
    model = json.loads(tokenizer.to_str())['model']
    pieces = [piece for piece in sorted(model['vocab'], key=model['vocab'].get) if piece != '<unk>']
    names = specials + [f'<0x{byte:02X}>' for byte in range(256)] + pieces
    return {name: index for index, name in enumerate(names)}, model['merges']


def bpe(specials, normalizer, pre_tokenizer, strip, first, more=()):
    vocab, merges = trained_bpe(specials, 420)
    replace = {'type': 'Replace', 'pattern': {'String': '▁'}, 'content': ' '}
    decoders = [replace, {'type': 'ByteFallback'}, {'type': 'Fuse'}]
    if strip:
        decoders.append({'type': 'Strip', 'content': ' ', 'start': 1, 'stop': 0})
    return {
        'version': '1.0', 'truncation': None, 'padding': None,
        'added_tokens': [added(name, index) for index, name in enumerate(specials)] + [{**token, 'id': len(vocab) + i} for i, token in enumerate(more)],
        'normalizer': normalizer, 'pre_tokenizer': pre_tokenizer,
        'post_processor': {'type': 'TemplateProcessing', 'single': [{'SpecialToken': {'id': first, 'type_id': 0}}, {'Sequence': {'id': 'A', 'type_id': 0}}],
                           'pair': [{'Sequence': {'id': 'A', 'type_id': 0}}, {'Sequence': {'id': 'B', 'type_id': 1}}],
                           'special_tokens': {first: {'id': first, 'ids': [vocab[first]], 'tokens': [first]}}},
        'decoder': {'type': 'Sequence', 'decoders': decoders},
        'model': {'type': 'BPE', 'dropout': None, 'unk_token': '<unk>', 'continuing_subword_prefix': None, 'end_of_word_suffix': None, 'fuse_unk': True,
                  'byte_fallback': True, 'ignore_merges': False, 'vocab': vocab, 'merges': merges},
    }


def unigram():
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme='always', split=True)
    tokenizer.train_from_iterator([book()[:60_000]], trainers.UnigramTrainer(vocab_size=400, special_tokens=['<unk>', '<s>', '</s>'], unk_token='<unk>',
                                                                             show_progress=False))
    value = json.loads(tokenizer.to_str())
    value['decoder'] = {'type': 'Metaspace', 'replacement': '▁', 'prepend_scheme': 'always', 'split': True}
    return value


REPLACE = {'type': 'Replace', 'pattern': {'String': ' '}, 'content': '▁'}
PREPEND = {'type': 'Sequence', 'normalizers': [{'type': 'Prepend', 'prepend': '▁'}, REPLACE]}
LLAMA = ['<unk>', '<s>', '</s>']
TURNS = [added('<|user|>', 0, rstrip=True), added('<|assistant|>', 0, rstrip=True), added('<|end|>', 0, rstrip=True)]
TOKENIZERS = {
    # Llama 2, Mistral, TinyLlama: a space before every text, then no cuts at all.
    'llama-2': lambda: bpe(LLAMA, PREPEND, None, True, '<s>'),
    # The same with tokens that take the white space behind them (Phi-3).
    'phi-3': lambda: bpe(LLAMA, PREPEND, None, True, '<s>', TURNS),
    # Newer files of the same families: the space is put by the pre-tokenizer, before the first piece alone.
    'metaspace': lambda: bpe(LLAMA, None, {'type': 'Metaspace', 'replacement': '▁', 'prepend_scheme': 'first', 'split': False}, True, '<s>', TURNS),
    # Gemma: no space before the text, cuts behind spaces that are none any more.
    'gemma': lambda: bpe(['<pad>', '<eos>', '<bos>', '<unk>'], REPLACE,
                         {'type': 'Split', 'pattern': {'String': ' '}, 'behavior': 'MergedWithPrevious', 'invert': False}, False, '<bos>'),
    'unigram': unigram,
}


def main(out):
    for name, make in TOKENIZERS.items():
        folder = fresh_folder('tokenizers', name, out=out)
        text = json.dumps(make(), ensure_ascii=False)
        tokenizer = Tokenizer.from_str(text)
        with open(os.path.join(folder, 'tokenizer.json'), 'w', encoding='utf-8') as file:
            file.write(text + '\n')
        bos, eos = ('<bos>', '<eos>') if name == 'gemma' else ('<s>', '</s>')
        save_json(os.path.join(folder, 'tokenizer_config.json'), {'bos_token': bos, 'eos_token': eos, 'unk_token': '<unk>'})
        cases = []
        for case in TEXTS:
            ids = tokenizer.encode(case).ids
            cases.append({'text': case, 'ids': ids, 'decoded': tokenizer.decode(ids)})
        save_json(os.path.join(folder, 'cases.json'), cases)
        print(f'{name}: {tokenizer.get_vocab_size()} tokens, {sum(len(case["ids"]) for case in cases)} ids')


if __name__ == '__main__':
    main(sys.argv[1] if len(sys.argv) > 1 else FIXTURES)
