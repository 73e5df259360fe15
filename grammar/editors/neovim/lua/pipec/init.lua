-- Starts `pipec lsp`, once for each project, in the way of the Neovim that runs.

local M = {}

local clients = {}

--- The folder of the project that a file is in: the nearest above it that git knows, else the file's own.
local function root(path)
  local folder = vim.fn.fnamemodify(path, ':p:h')
  local found = vim.fn.finddir('.git', vim.fn.escape(folder, ' ,;') .. ';')
  return found == '' and folder or vim.fn.fnamemodify(found, ':p:h:h')
end

--- Attaches a buffer; `options.cmd` is how the server is started, `options.settings` are the settings below `pipec`.
function M.start(buffer, options)
  local folder = root(vim.api.nvim_buf_get_name(buffer))
  local config = {
    name = 'pipec',
    cmd = options.cmd or { 'pipec', 'lsp' },
    root_dir = folder,
    settings = { pipec = options.settings or vim.empty_dict() },
    init_options = options.settings or vim.empty_dict(),
    capabilities = options.capabilities or vim.lsp.protocol.make_client_capabilities(),
    on_attach = options.on_attach,
  }
  if vim.lsp.start then
    return vim.lsp.start(config, { bufnr = buffer })
  end
  local id = clients[folder]
  if not id or not vim.lsp.get_client_by_id(id) then
    id = vim.lsp.start_client(config)
    clients[folder] = id
  end
  if id then
    vim.lsp.buf_attach_client(buffer, id)
  end
  return id
end

--- Shows what the compiler makes of the item under the cursor: 'terraform', 'rust' or 'pyspark', beside the text.
function M.preview(kind)
  local languages = { hcl = 'terraform', pyspark = 'python' }
  local params = vim.lsp.util.make_position_params(0, 'utf-16')
  params.kind = kind
  vim.lsp.buf_request(0, 'pipec/preview', params, function(err, preview)
    if err or not preview or preview == vim.NIL then
      vim.notify(err and err.message or ('the item under the cursor becomes no ' .. kind), vim.log.levels.INFO)
      return
    end
    vim.cmd('vnew')
    vim.bo.buftype = 'nofile'
    vim.bo.bufhidden = 'wipe'
    vim.api.nvim_buf_set_lines(0, 0, -1, false, vim.split(preview.text, '\n'))
    vim.bo.filetype = languages[preview.language] or preview.language
    vim.bo.modifiable = false
  end)
end

return M
