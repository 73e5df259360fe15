; What is shown as a pair.

("{" @open "}" @close)
("[" @open "]" @close)
("(" @open ")" @close)
