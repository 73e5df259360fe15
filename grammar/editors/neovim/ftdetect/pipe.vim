" Files of .pipe, for Neovim and for Vim.
autocmd BufRead,BufNewFile *.pipe setfiletype pipe
