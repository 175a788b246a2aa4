/* To be linked, never run: does a static link of what the command uses of elfutils work here? Its
 * archives are not whole everywhere: those of 0.192 call functions that none of them has. */
#include <elfutils/libdwfl.h>
#include <gelf.h>

int main(void)
{
    const Dwfl_Callbacks callbacks = {.find_elf = dwfl_linux_proc_find_elf};
    Dwfl *dwfl = dwfl_begin(&callbacks);
    Dwarf_Addr bias;
    GElf_Ehdr header;

    dwfl_linux_proc_report(dwfl, 1);
    dwfl_linux_proc_attach(dwfl, 1, true);
    Dwfl_Module *module = dwfl_addrmodule(dwfl, 0);
    gelf_getehdr(dwfl_module_getelf(module, &bias), &header);
    return dwfl_module_getsymtab(module);
}
