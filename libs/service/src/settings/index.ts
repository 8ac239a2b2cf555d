export {
  PORT_SETTING,
  RULES,
  SERVICES,
  SETTING_NAMES,
  SETTINGS,
  type ServiceName,
  type Setting,
  type SettingName,
  type Settings,
} from './catalogue';
export { loadSettings, type LoadedSettings, type LoadOptions } from './load';
