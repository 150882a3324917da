"""What growth costs: time and memory to index and to search libraries of several sizes, beside bm25s and LangChain with Chroma."""
