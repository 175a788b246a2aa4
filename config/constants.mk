# The table of constants, from this system's headers. Its .d names them: newer headers make it anew.
CONSTANTS_TABLE := $(BUILD)/generated/constants_table.h

$(CONSTANTS_TABLE): config/constants.list config/constants.sh $(BUILD)/flags
	@mkdir -p $(@D)
	config/constants.sh config/constants.list $@ $(CC) $(CFLAGS)

$(foreach kind,hosted freestanding fuzzing,$(BUILD)/$(kind)/config/constants.o): $(CONSTANTS_TABLE)
