-- For Neovim 0.11 and later: `vim.lsp.enable('pipec')`.
return {
  cmd = { 'pipec', 'lsp' },
  filetypes = { 'pipe' },
  root_markers = { '.git' },
}
