"""The wire: types, codecs, codes, exported schemas."""
