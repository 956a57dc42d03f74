module goldwire/peer

go 1.19
