"""How an open workbook comes onto the disk, whole at every instant."""
